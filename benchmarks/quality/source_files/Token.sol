// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

contract Token {
    string public constant name = "Seed";
    uint8 public constant decimals = 18;
    mapping(address => uint256) public balanceOf;
    address private immutable owner;

    event Transfer(address indexed from, address indexed to, uint256 value);

    error NotOwner();

    modifier onlyOwner() {
        if (msg.sender != owner) revert NotOwner();
        _;
    }

    constructor(uint256 supply) {
        owner = msg.sender;
        balanceOf[msg.sender] = supply;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }
}
