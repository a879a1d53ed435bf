using System.Threading.Tasks;
using Microsoft.AspNetCore.Mvc;

namespace Portal.Controllers;

// 登录接口
[ApiController]
[Route("api/[controller]")]
public class LoginController : ControllerBase
{
    private readonly IUserStore _users;

    public LoginController(IUserStore users)
    {
        _users = users;
    }

    // 校验用户名和密码，成功时返回令牌
    [HttpPost]
    public async Task<IActionResult> Post([FromBody] LoginRequest request)
    {
        var user = await _users.FindAsync(request.Name);
        if (user == null || !user.Verify(request.Password))
        {
            return Unauthorized(new { message = "用户名或密码错误" });
        }
        return Ok(new { token = user.IssueToken(), name = user.Name });
    }
}

public record LoginRequest(string Name, string Password);
